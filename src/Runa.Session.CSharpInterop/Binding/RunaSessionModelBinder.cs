using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.ModelBinding.Validation;

namespace Runa;

/// <summary>Binds parameters of type <see cref="RunaSession"/> in MVC.</summary>
internal sealed class RunaSessionModelBinder : IModelBinder
{
    public async Task BindModelAsync(ModelBindingContext bindingContext)
    {
        var session = await Scopes
            .LoadAsync(bindingContext.HttpContext, bindingContext.BinderModelName ?? RunaSessionDefaults.Name)
            .ConfigureAwait(false);

        // A session is no model: MVC must not validate its properties.
        bindingContext.ValidationState[session] = new ValidationStateEntry { SuppressValidation = true };
        bindingContext.Result = ModelBindingResult.Success(session);
    }
}
