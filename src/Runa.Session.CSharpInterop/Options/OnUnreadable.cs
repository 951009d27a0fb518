namespace Runa;

/// <summary>What becomes of a stored session that cannot be read.</summary>
public enum OnUnreadable
{
    /// <summary>It counts as gone, with an error in the log, and the next write puts a new one in its place.</summary>
    Replace,

    /// <summary>Every request with its cookie raises <see cref="SessionStoreException"/>, until it is deleted or can be read again.</summary>
    Error,
}
