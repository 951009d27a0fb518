using Xunit;

namespace CSharp.Tests.Drivers;

/// <summary>The same with answers that come after a while, and no index: what it is excused from is skipped by name.</summary>
public class LaterDriverConformanceTests
{
    private static readonly ConformanceSuite Suite =
        ConformanceSuite.Of("later", clock => new LaterDriver(new DictionaryDriver(clock)), interleavings: 100, writers: 100);

    public static IEnumerable<TheoryDataRow<string>> All() => Suite.Rows();

    [Theory(DisplayName = "a driver written in C# that answers later holds the promises")]
    [MemberData(nameof(All))]
    public Task Holds(string test) => Suite.RunAsync(test);
}
