using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Runa;

/// <summary>
/// Tells a circuit's sessions which browser it runs for, when it opens, and when the browser connects again.
/// </summary>
internal sealed class CircuitSessions(RunaComponentSessions sessions) : CircuitHandler
{
    /// <summary>Before the application's handlers, which may use sessions.</summary>
    public override int Order => int.MinValue;

    public override Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken) => Connect();

    public override Task OnConnectionUpAsync(Circuit circuit, CancellationToken cancellationToken) => Connect();

    private Task Connect()
    {
        sessions.Connect(CircuitConnection.Cookies ?? string.Empty);
        return Task.CompletedTask;
    }
}
