using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace Runa.Session;

[RunaSessionBinder]
public sealed partial class RunaSession : IBindableFromHttpContext<RunaSession>
{
    /// <summary>Binds a parameter of a minimal API; see <see cref="FromRunaSessionAttribute"/>.</summary>
    /// <param name="context">The request.</param>
    /// <param name="parameter">The parameter.</param>
    /// <exception cref="InvalidOperationException">The session is not loaded in this request.</exception>
    public static ValueTask<RunaSession?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        var name = parameter.GetCustomAttribute<FromRunaSessionAttribute>()?.Name ?? RunaSessionDefaults.Name;
        return ValueTask.FromResult<RunaSession?>(context.GetRunaSession(name));
    }
}
