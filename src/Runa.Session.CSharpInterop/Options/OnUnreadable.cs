namespace Runa;

/// <summary>What to do with a stored session that cannot be read.</summary>
public enum OnUnreadable
{
    /// <summary>The session counts as gone, and the next write replaces it. Each time, an error is logged.</summary>
    Replace,

    /// <summary>
    /// Every request with its cookie raises <see cref="SessionStoreException"/> until the session is deleted or can be
    /// read again.
    /// </summary>
    Error,
}
