using Xunit;

namespace CSharp.Tests.Drivers;

/// <summary>The same with answers that come after a while, and no index: what it is excused from is skipped by name.</summary>
public class LaterDriverConformanceTests
{
    private static readonly DriverConformance Suite =
        DriverConformance.InProcess("later", clock => new LaterDriver(new DictionaryDriver(clock)).ToSessionDriver());

    static LaterDriverConformanceTests()
    {
        Suite.Interleavings = 100;
        Suite.Writers = 100;
    }

    public static IEnumerable<TheoryDataRow<string>> All() => Suite.Rows();

    [Theory(DisplayName = "a driver written in C# that answers later holds the promises")]
    [MemberData(nameof(All))]
    public Task Holds(string test) => Suite.RunAsync(test);
}
