using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace Runa;

/// <summary>
/// Binds a parameter of type <see cref="RunaSession"/> to the session of this name; without it, to "web". For minimal APIs,
/// controllers and Razor Pages. The session must be loaded, by <c>UseRunaSession</c> or <c>WithRunaSession</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property)]
public sealed class FromRunaSessionAttribute : Attribute, IBindingSourceMetadata, IModelNameProvider
{
    /// <summary>Names the session.</summary>
    /// <param name="name">The name that the session is registered under.</param>
    /// <exception cref="ArgumentNullException">The name is null.</exception>
    public FromRunaSessionAttribute(string name = RunaSessionDefaults.Name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Name = name;
    }

    /// <summary>The name that the session is registered under.</summary>
    public string Name { get; }

    BindingSource IBindingSourceMetadata.BindingSource => BindingSource.Special;
}
