namespace CSharp.Tests.Drivers;

public sealed partial class DictionaryDriver : ISessionCounter
{
    public ValueTask<SessionCount> CountAsync(string scope, CancellationToken cancellationToken) =>
        Alone(() =>
        {
            var now = clock.GetUtcNow();
            var live = _documents.Values
                .Select(TryParse)
                .OfType<StoredSession>()
                .Where(session => session.Scope == scope && session.Successor is null && !session.IsExpired(now))
                .ToList();

            return new SessionCount(live.Count, signedIn: live.Count(session => session.Owner is not null));
        });
}
