using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace Runa;

/// <summary>
/// Names the session of a parameter of type <see cref="RunaSession"/>; without the attribute it is "web". For minimal
/// APIs, controllers and Razor Pages. The endpoint needs <c>UseRunaSession</c> or <c>WithRunaSession</c> with this
/// name.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property)]
public sealed class FromRunaSessionAttribute : Attribute, IBindingSourceMetadata, IModelNameProvider
{
    /// <summary>Names the session.</summary>
    /// <param name="name">The name under which the session is registered.</param>
    /// <exception cref="ArgumentNullException">The name is null.</exception>
    public FromRunaSessionAttribute(string name = RunaSessionDefaults.Name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Name = name;
    }

    /// <summary>The name under which the session is registered.</summary>
    public string Name { get; }

    BindingSource IBindingSourceMetadata.BindingSource => BindingSource.Special;
}
