namespace CSharp.Tests.AspNet;

/// <summary>Two requests that wait for each other.</summary>
internal sealed class Barrier2 : IDisposable
{
    private readonly SemaphoreSlim _first = new(0);
    private readonly SemaphoreSlim _second = new(0);
    private int _count;

    public async Task MeetAsync()
    {
        var (mine, theirs) = Interlocked.Increment(ref _count) % 2 == 1 ? (_first, _second) : (_second, _first);
        theirs.Release();

        if (!await mine.WaitAsync(TimeSpan.FromSeconds(30)))
        {
            throw new TimeoutException("The other request did not come.");
        }
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }
}
