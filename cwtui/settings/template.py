"""The commented settings file that `cwtui config init` writes (settings.md#where-settings-come-from)."""

from __future__ import annotations

TEMPLATE = """\
# cwtui settings. Every line may also be given as an environment variable, which then wins:
# connectwise.base_url is CWTUI_CONNECTWISE__BASE_URL, sync.prorate is CWTUI_SYNC__PRORATE, and so on.
#
# Secrets (private_key, password, client_secret, subscription_key, notify.urls) may stand here, in the environment,
# or in the keyring of the operating system: keyring set cwtui:default connectwise.private_key
# While they stand here, nobody but you may read this file: chmod 600 this-file

[connectwise]
# The address of your ConnectWise Manage cloud or server; /v4_6_release/apis/3.0 is appended.
base_url = "https://api-na.myconnectwise.net"
# The company you log in with, and an API member's keys (System > Members > API Members).
company_id = ""
public_key = ""
#private_key = ""
# From https://developer.connectwise.com/ClientID
client_id = ""
# The version of the API's records that is asked for; an older server answers with what it has.
#api_version = "2026.4"

[marketplace]
# The address of the marketplace's SimpleAPI; with auth = "basic" the token comes from {base_url}/token.
base_url = ""
username = ""
#password = ""
# Or OAuth 2 client credentials, from an address that may be on another host:
#auth = "oauth"
#token_url = "https://login.example.com/oauth2/token"
#client_id = ""
#client_secret = ""
#scope = ""
# Only where an API gateway asks for one.
#subscription_key = ""
# What the API gateway grants, if you know it: then it is never exceeded.
#requests_per_minute = 60
# The marketplace's code, if yours has one.
#marketplace = "us"

[sync]
# Whose prices go on the invoice: the "marketplace"'s, or those of the "connectwise" catalog.
#price_source = "marketplace"
# Unit prices are rounded half-up to this many decimals.
#price_decimals = 4
# Bill the days before the next invoice for "all" orders, for "changes" only, or "none".
#prorate = "all"
# Synchronise by itself while the terminal interface is open, and how often: "5m", "1h", "1d".
#auto = false
#every = "5m"
# For periods of whole days: at what time of day, in UTC.
#at = "06:00"
# Only these marketplace customers, by id; empty is everybody.
#auto_customers = []
# Requests in flight per service, and seconds for one request.
#concurrency = 16
#timeout_s = 30
# Seconds an addition is given to appear in ConnectWise when no answer said whether it was created.
#settle_s = 3

[state]
# A state that several users share: a file in a folder of the group, and the group. Or a PostgreSQL database,
# for several machines; its password stands in ~/.pgpass.
#path = "/var/lib/cwtui/default.json"
#group = "billing"
#url = "postgresql://cwtui@db.example.com/cwtui?sslmode=verify-full"

[mapping]
# "exact": map by itself where exactly one entry matches exactly.
#auto = "off"
# Let --auto create a catalog item where no match exists.
#create_catalog_items = false

[notify]
# Apprise addresses: mail, Teams, Slack and many more; see https://github.com/caronc/apprise/wiki
#urls = ["mailtos://user:password@example.com?to=billing@example.com"]
# Any of "errors", "action_needed", "created", "synced".
#on = ["errors", "action_needed"]
# A lasting event is reported again when it changes, or after this time.
#remind = "1d"

[guard]
# Stop a change of quantity beyond this many percent until a person confirms; "off" is no limit.
#max_quantity_change = "off"
# A list that was not empty last time and is now stops the run.
#empty_feed = true

[intermedia]
# The type of the agreements that Intermedia's counts belong to.
#agreement_type = "Intermedia"
# Category and sub-category of its catalog items, and whether they are taxed.
#category = "Hosted Services"
#subcategory = "Intermedia"
#taxable = false
# SKUs that are not billed by counts, are billed once, and are billed every month (regular expressions).
#unsupported_skus = '(?i)pbx|voice|voip'
#one_time_skus = '(?i)O$'
#recurring_skus = '(?i)R$'
# A report that lost more than this many percent of its rows waits for a person; "off" is no limit.
#most_shrunk = 50
# Where the partner's files name a column differently:
#[intermedia.columns]
#account_id = "Account"

# Another vendor's usage file: cwtui usage import FILE --layout backup
#[usage.backup]
#agreement_type = "Backup"
# Its catalog items are named SKU_PRICE instead of SKU.
#priced_names = false
#[usage.backup.columns]
#quantity = "Used"

# More profiles have the same shape and share nothing with the one above: cwtui --profile west
#[profiles.west.connectwise]
#base_url = "https://api-eu.myconnectwise.net"
#[profiles.west.marketplace]
#base_url = ""
"""
