using System.Collections.Concurrent;
using Xunit;

namespace CSharp.Tests.Drivers;

/// <summary>The driver that docs/understand/writing-a-driver.md shows, which answers synchronously.</summary>
public class DictionaryDriverConformanceTests
{
    private static readonly ConcurrentDictionary<StoreKey, ISessionDriver> Created = [];

    private static readonly ConformanceSuite Suite =
        ConformanceSuite.Of("dictionary", Open, interleavings: 500, writers: 1_000, dump: DumpAsync);

    public static IEnumerable<TheoryDataRow<string>> All() => Suite.Rows();

    [Theory(DisplayName = "a driver written in C# holds the promises")]
    [MemberData(nameof(All))]
    public Task Holds(string test) => Suite.RunAsync(test);

    private static Altered Open(TimeProvider clock)
    {
        var driver = new DictionaryDriver(clock);

        return new Altered(driver)
        {
            Create = (key, session) =>
            {
                Created[key] = driver;
                return driver.CreateAsync(key, session, CancellationToken.None);
            },
        };
    }

    /// <summary>All keys and documents, whatever clock they belong to.</summary>
    private static async Task<byte[]> DumpAsync()
    {
        var dump = new List<byte>();

        foreach (var (key, driver) in Created)
        {
            if (await driver.LoadAsync(key, CancellationToken.None) is { } session)
            {
                dump.AddRange(key.ToBytes());
                dump.AddRange(session.ToUtf8Json());
            }
        }

        return [.. dump];
    }
}
