using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.ModelBinding.Validation;

namespace Runa;

/// <summary>MVC's way to a <see cref="RunaSession"/> as a parameter.</summary>
internal sealed class RunaSessionModelBinder : IModelBinder
{
    public async Task BindModelAsync(ModelBindingContext bindingContext)
    {
        var session = await Scopes
            .LoadAsync(bindingContext.HttpContext, bindingContext.BinderModelName ?? RunaSessionDefaults.Name)
            .ConfigureAwait(false);

        // A session is no model: its properties are not walked for validation.
        bindingContext.ValidationState[session] = new ValidationStateEntry { SuppressValidation = true };
        bindingContext.Result = ModelBindingResult.Success(session);
    }
}
