namespace Runa;

/// <summary>
/// What browsers delete of a site's data, for <see cref="RunaSessionOptions.ClearSiteData"/> (the header
/// <c>Clear-Site-Data</c>).
/// </summary>
public enum SiteData
{
    /// <summary>
    /// All cookies of the whole registrable domain: those of other applications and hosts of it, too.
    /// </summary>
    Cookies,

    /// <summary>
    /// What scripts have stored for the origin: localStorage, sessionStorage, IndexedDB, service workers.
    /// </summary>
    Storage,

    /// <summary>Responses of the origin in the browser's cache.</summary>
    Cache,

    /// <summary>The origin's open pages are loaded again.</summary>
    ExecutionContexts,

    /// <summary>All of these, and what browsers may add: <c>*</c>.</summary>
    All,
}
