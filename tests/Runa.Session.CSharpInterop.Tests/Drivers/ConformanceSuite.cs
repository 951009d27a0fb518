using Xunit;

namespace CSharp.Tests.Drivers;

/// <summary>The conformance suite as theories of xUnit.</summary>
internal static class ConformanceSuite
{
    /// <summary>As rows of a theory, each of which is counted and shown by its name.</summary>
    public static IEnumerable<TheoryDataRow<string>> Rows(this DriverConformance suite) =>
        suite.Tests.Keys.Select(name => new TheoryDataRow<string>(name) { Label = name });

    /// <summary>Runs one; a promise from which the driver is excused is skipped, with the reason.</summary>
    public static async Task RunAsync(this DriverConformance suite, string name)
    {
        try
        {
            await suite.Tests[name]();
        }
        catch (ConformanceSkippedException e)
        {
            Assert.Skip(e.Message);
        }
    }
}
