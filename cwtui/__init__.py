"""cwtui keeps ConnectWise agreements true to what customers bought on a cloud marketplace."""

__version__ = "0.1.0"
