using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace Runa;

/// <summary>
/// Makes MVC bind parameters of the type that carries it by <see cref="RunaSessionModelBinder"/>, and from no part of
/// the request, so that descriptions of an API do not show them.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class RunaSessionBinderAttribute : Attribute, IBinderTypeProviderMetadata
{
    public Type BinderType => typeof(RunaSessionModelBinder);

    public BindingSource BindingSource => BindingSource.Special;
}
