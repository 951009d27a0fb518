using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Expecto;
using Microsoft.FSharp.Control;
using Microsoft.FSharp.Core;
using Runa.Session;
using Runa.Session.Conformance;
using Xunit;

namespace CSharp.Tests.Drivers;

/// <summary>The conformance suite for a driver written in C#, a test at a time, by name.</summary>
internal sealed class ConformanceSuite
{
    private readonly Dictionary<string, TestCode> _tests;

    private ConformanceSuite(DriverUnderTest driver) =>
        _tests = TestModule.toTestCodeList(Runa.Session.Conformance.Conformance.tests(driver))
            .ToDictionary(test => string.Join(" / ", test.name.Skip(1)), test => test.test, StringComparer.Ordinal);

    public IEnumerable<string> Names => _tests.Keys;

    /// <summary>One for each clock: drivers that are opened with one and the same stand for several processes on one store.</summary>
    public static ConformanceSuite Of(
        string name,
        Func<TimeProvider, ISessionDriver> create,
        int interleavings = 200,
        int writers = 200,
        Func<Task<byte[]>>? dump = null)
    {
        var opened = new ConditionalWeakTable<TimeProvider, SessionDriver>();

        var openDriver = FuncConvert.FromFunc<TimeProvider, Task<SessionDriver>>(clock =>
            Task.FromResult(opened.GetValue(clock, clock => create(clock).ToSessionDriver())));

        var driver = DriverUnderTestModule.create(name, openDriver);

        return new ConformanceSuite(new DriverUnderTest(
            driver.Name,
            driver.Open,
            driver.SwapsWithinOneDriver,
            driver.ExpiresByItself,
            dump is null ? driver.Dump : FuncConvert.FromFunc(dump),
            driver.Store,
            driver.OwnedMany,
            interleavings,
            writers,
            driver.Seed));
    }

    /// <summary>As rows of a theory, each of which is counted and shown by its name.</summary>
    public IEnumerable<TheoryDataRow<string>> Rows() =>
        Names.Select(name => new TheoryDataRow<string>(name) { Label = name });

    /// <summary>Runs one; a promise from which the driver is excused is skipped, with the reason.</summary>
    public async Task RunAsync(string name)
    {
        try
        {
            await RunAsync(_tests[name]);
        }
        catch (IgnoreException e)
        {
            Assert.Skip(e.Message);
        }
    }

    private static async Task RunAsync(TestCode test)
    {
        switch (test)
        {
            case TestCode.Async asynchronous:
                try
                {
                    await FSharpAsync.StartAsTask(asynchronous.atest, null, null);
                }
                catch (AggregateException e) when (e.InnerExceptions is [var only])
                {
                    ExceptionDispatchInfo.Throw(only);
                }

                break;
            case TestCode.Sync synchronous:
                synchronous.stest.Invoke(null!);
                break;
            default:
                throw new NotSupportedException($"The suite has a test of the kind {test.GetType().Name}.");
        }
    }
}
