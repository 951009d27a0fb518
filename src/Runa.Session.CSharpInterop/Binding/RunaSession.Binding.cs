using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace Runa;

[RunaSessionBinder]
public sealed partial class RunaSession : IBindableFromHttpContext<RunaSession>
{
    /// <summary>
    /// Binds a parameter of a minimal API; see <see cref="FromRunaSessionAttribute"/>. The framework finds this method
    /// by its two parameters, so it cannot take a <see cref="CancellationToken"/>.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="parameter">The parameter.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// The session is not loaded in this request, there is no session of this name, or sessions are not configured.
    /// </exception>
    public static ValueTask<RunaSession?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(parameter);
        var name = parameter.GetCustomAttribute<FromRunaSessionAttribute>()?.Name ?? RunaSessionDefaults.Name;
        return Scopes.LoadAsync(context, name)!;
    }
}
