// A page opened from disk may not load another one, so the search leaves out the lines of text beside its results.
if (window.location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
