using Microsoft.AspNetCore.Builder;

namespace CSharp.Tests.Drivers;

/// <summary>What docs/understand/writing-a-driver.md shows of registering a driver; compared with it, and never run.</summary>
internal static class WritingDriverPage
{
    public static void Registering(WebApplicationBuilder builder)
    {
        builder.Services.AddRunaSession(builder.Configuration, sessions => sessions
            .AddDriver("dictionary", services => new DictionaryDriver(services.GetRequiredService<TimeProvider>()))
            .AddSession("web", options => options.Driver = "dictionary"));
    }
}
