namespace Runa;

/// <summary>Options of <c>HttpContext.Session</c> on a session of this library.</summary>
public sealed class RunaAspNetSessionOptions
{
    /// <summary>
    /// Whether a request goes on although its changes cannot be saved. Default: false; the request fails with a
    /// <see cref="SessionStoreException"/>, a <see cref="SessionConflictException"/>, a
    /// <see cref="SessionTooLargeException"/> or a <see cref="SessionUnprovenException"/>. If true, the failure is logged
    /// and the changes are dropped, as behind the framework's own <c>UseSession</c>. <c>ISession.CommitAsync</c> raises the exception in either case.
    /// </summary>
    public bool IgnoreCommitFailures { get; set; }
}
