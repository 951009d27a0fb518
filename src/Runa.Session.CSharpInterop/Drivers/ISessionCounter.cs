namespace Runa;

/// <summary>
/// Counts sessions, for <see cref="RunaSessions.CountAsync"/>. An <see cref="ISessionDriver"/> that can count implements
/// this, too.
/// </summary>
public interface ISessionCounter
{
    /// <summary>
    /// The number of live sessions of the scope: neither tombstones nor sessions that have ended by the application's
    /// clock count.
    /// </summary>
    /// <param name="scope">The application and session name.</param>
    /// <param name="cancellationToken">The caller's token. The call takes as long as there are records.</param>
    ValueTask<SessionCount> CountAsync(string scope, CancellationToken cancellationToken);
}
