"""What vendors' steps need of ConnectWise."""

from cwtui.engine.psa_records import PsaRecords as IntermediaPsa

__all__ = ["IntermediaPsa"]
