using System.Diagnostics;
using System.Net;

namespace CSharp.Tests.Samples;

/// <summary>samples/CSharp as its users start it: a process of its own, on a port that is free.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly SocketsHttpHandler _handler = new() { UseCookies = false, AllowAutoRedirect = false };

    private SampleProcess(Process process, Uri address)
    {
        _process = process;
        Address = address;
    }

    public Uri Address { get; }

    public static async Task<SampleProcess> StartAsync(CancellationToken cancellationToken)
    {
        var folder = Path.Combine(Repository.Root, "samples", "CSharp");
        // bin/<configuration>/<framework> of this project and of the sample are alike.
        var built = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(folder, "bin", built.Parent!.Name, built.Name, "Sample.CSharp.dll");

        var start = new ProcessStartInfo("dotnet", ["exec", program])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            Environment = { ["ASPNETCORE_ENVIRONMENT"] = "Development", ["ASPNETCORE_URLS"] = "http://127.0.0.1:0" },
        };

        var process = Process.Start(start)!;
        const string Listening = "Now listening on: ";

        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Contains(Listening, StringComparison.Ordinal))
            {
                var address = new Uri(line[(line.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length)..]);
                // What it logs from now on must not fill the pipe.
                _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
                return new SampleProcess(process, address);
            }
        }

        throw new InvalidOperationException($"{program} ended with exit code {process.ExitCode}.");
    }

    public Browser NewBrowser() => new(_handler, Address);

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _handler.Dispose();
    }
}
