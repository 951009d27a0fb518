using System.Collections.Concurrent;
using Expecto;
using Xunit;

namespace CSharp.Tests.Drivers;

/// <summary>The suite can fail: drivers written in C# that each break one rule are caught, by the test that is there for it.</summary>
public class DriverMutantTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact(DisplayName = "promise 12: a driver that replaces without comparing versions is caught")]
    public Task NoCompare() => IsCaught(
        "records / promise 12: replace at another version is refused with what stands, and changes nothing",
        inner => new Altered(inner)
        {
            Replace = async (key, version, session) =>
                await inner.ReplaceAsync(key, version, session, None) is { Current: { } current }
                    ? await inner.ReplaceAsync(key, current.Version, session, None)
                    : ReplaceResult.Replaced,
        });

    [Fact(DisplayName = "promise 9: a driver whose touch brings back what was deleted is caught")]
    public Task TouchCreates() => IsCaught(
        "records / promise 9: after a delete nothing is replaced or touched, and the record stays gone",
        inner =>
        {
            StoredSession? last = null;

            return new Altered(inner)
            {
                Create = (key, session) => inner.CreateAsync(key, last = session, None),
                Touch = async (key, idleExpiresAt) =>
                    await inner.TouchAsync(key, idleExpiresAt, None)
                    || await inner.CreateAsync(key, last!.Touch(idleExpiresAt), None),
            };
        });

    [Fact(DisplayName = "promise 3: a driver whose create overwrites is caught")]
    public Task CreateOverwrites() => IsCaught(
        "records / promise 3: create never overwrites",
        inner => new Altered(inner)
        {
            Create = async (key, session) =>
            {
                await inner.DeleteAsync(key, None);
                return await inner.CreateAsync(key, session, None);
            },
        });

    [Fact(DisplayName = "a driver that counts the sessions of other scopes is caught")]
    public Task CountsAll() => IsCaught(
        "counting / live sessions of the scope are counted, and nothing else",
        inner =>
        {
            var scopes = new ConcurrentDictionary<string, bool>();

            return new Altered(inner)
            {
                Create = (key, session) =>
                {
                    scopes[session.Scope] = true;
                    return inner.CreateAsync(key, session, None);
                },
                Count = async _ =>
                {
                    var (sessions, signedIn) = (0L, 0L);

                    foreach (var scope in scopes.Keys)
                    {
                        var count = await inner.CountAsync(scope, None);
                        (sessions, signedIn) = (sessions + count.Sessions, signedIn + count.SignedIn);
                    }

                    return new SessionCount(sessions, signedIn);
                },
            };
        });

    private static async Task IsCaught(string test, Func<DictionaryDriver, ISessionDriver> spoil)
    {
        await Suite(clock => new Altered(new DictionaryDriver(clock))).Tests[test]();
        await Assert.ThrowsAsync<AssertException>(Suite(clock => spoil(new DictionaryDriver(clock))).Tests[test]);

        static DriverConformance Suite(Func<TimeProvider, ISessionDriver> create) =>
            DriverConformance.InProcess("altered", clock => create(clock).ToSessionDriver());
    }
}
