"""The time of the province."""

from datetime import timedelta, timezone

# Asia/Ho_Chi_Minh: UTC+7 all year since 1975, so no host's time zone data decides.
VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
