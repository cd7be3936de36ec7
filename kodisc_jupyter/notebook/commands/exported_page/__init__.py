"""The page that ``%kodisc export`` writes."""
