using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using RouteData = Microsoft.AspNetCore.Components.RouteData;

namespace CSharp.Tests.Blazor;

/// <summary>What a streamed page does with its session after its first bytes have left.</summary>
public sealed class Later
{
    public Action<RunaSession>? Before { get; set; }

    public Action<RunaSession> After { get; set; } = _ => { };
}

/// <summary>A document around the page of the request.</summary>
public sealed class Root : ComponentBase
{
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        builder.OpenComponent<Microsoft.AspNetCore.Components.Routing.Router>(0);
        builder.AddAttribute(1, "AppAssembly", typeof(Root).Assembly);
        builder.AddAttribute(2, "Found", (RenderFragment<RouteData>)(data => inner =>
        {
            inner.OpenComponent<RouteView>(0);
            inner.AddAttribute(1, "RouteData", data);
            inner.CloseComponent();
        }));
        builder.CloseComponent();
    }
}

[Route("/counted")]
public sealed class Counted : ComponentBase
{
    private int _visits;
    private int _asked;

    [CascadingParameter]
    public RunaSession? Session { get; set; }

    [CascadingParameter(Name = "admin")]
    public RunaSession? Admin { get; set; }

    [Inject]
    public RunaComponentSessions Sessions { get; set; } = null!;

    protected override async Task OnInitializedAsync()
    {
        _visits = Session!.Update(Keys.Visits, 0, n => n + 1);
        _asked = await Sessions.UpdateAsync("admin", session => session.Update(Keys.Visits, 0, n => n + 10));
    }

    protected override void BuildRenderTree(RenderTreeBuilder builder) =>
        builder.AddContent(0, string.Create(CultureInfo.InvariantCulture, $"{Session!.Name} {_visits}, {Admin!.Name} {_asked}"));
}

[Route("/plain")]
public sealed class Plain : ComponentBase
{
    protected override void BuildRenderTree(RenderTreeBuilder builder) => builder.AddContent(0, "no session");
}

[Route("/streamed")]
[StreamRendering]
public sealed class Streamed : ComponentBase
{
    private string _said = "begun";

    [CascadingParameter]
    public RunaSession? Session { get; set; }

    [Inject]
    public Later Later { get; set; } = null!;

    protected override async Task OnInitializedAsync()
    {
        Later.Before?.Invoke(Session!);
        await Task.Delay(50);

        try
        {
            Later.After(Session!);
            _said = "done";
        }
        catch (InvalidOperationException e)
        {
            _said = e.Message;
        }
    }

    protected override void BuildRenderTree(RenderTreeBuilder builder) => builder.AddContent(0, (MarkupString)$"[{_said}]");
}
