using System.Collections.Concurrent;
using Xunit;

namespace CSharp.Tests.Drivers;

/// <summary>The driver that docs/understand/writing-a-driver.md shows, which answers synchronously.</summary>
public class DictionaryDriverConformanceTests
{
    private static readonly ConcurrentDictionary<StoreKey, ISessionDriver> Created = [];

    private static readonly DriverConformance Suite =
        DriverConformance.InProcess("dictionary", clock => Open(clock).ToSessionDriver());

    static DictionaryDriverConformanceTests()
    {
        Suite.Interleavings = 500;
        Suite.Dump = DumpAsync;
    }

    public static IEnumerable<TheoryDataRow<string>> All() => Suite.Rows();

    [Theory(DisplayName = "a driver written in C# holds the promises")]
    [MemberData(nameof(All))]
    public Task Holds(string test) => Suite.RunAsync(test);

    [Fact(DisplayName = "the suite is a list of names and functions, for any test library")]
    public async Task Pairs()
    {
        Assert.Equal(2_000, DriverConformance.InProcess("x", _ => throw new InvalidOperationException()).Interleavings);
        Assert.True(Suite.Tests.Count > 80, $"{Suite.Tests.Count}");
        await Suite.Tests.Single(test => test.Key.EndsWith("create never overwrites", StringComparison.Ordinal)).Value();
        var later = DriverConformance.ForStore("later", clock => Task.FromResult(new LaterDriver(new DictionaryDriver(clock)).ToSessionDriver()));
        var (name, run) = later.Tests.First(test => test.Key.Contains("dump", StringComparison.Ordinal));
        Assert.NotEmpty((await Assert.ThrowsAsync<ConformanceSkippedException>(run)).Message);
        Assert.NotEmpty(name);
    }

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
