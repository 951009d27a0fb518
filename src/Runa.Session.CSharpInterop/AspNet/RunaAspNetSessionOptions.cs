namespace Runa;

/// <summary>How <c>HttpContext.Session</c> behaves on top of a session of this library.</summary>
public sealed class RunaAspNetSessionOptions
{
    /// <summary>
    /// What to do when changes cannot be saved at the end of a request. Default: false, the request fails, with a
    /// <see cref="SessionStoreException"/>, a <see cref="SessionConflictException"/> or a
    /// <see cref="SessionTooLargeException"/>. True: the failure is logged, the changes are dropped and the request goes on,
    /// as behind the framework's own <c>UseSession</c>. <c>ISession.CommitAsync</c> raises it either way.
    /// </summary>
    public bool IgnoreCommitFailures { get; set; }
}
