"""The protocol of ConnectWise for vendors' steps (files.md#intermedia-files)."""

from cwtui.engine.psa_records import PsaRecords as IntermediaPsa

__all__ = ["IntermediaPsa"]
