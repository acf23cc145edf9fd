using System.Globalization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.OpenApi;

/// <summary>
/// What the document says about each call beyond its types: its id, the tokens that it accepts, the meaning of its parameters, the headers
/// of its answers, and examples.
/// </summary>
internal sealed class CallFacts(AccessTokens tokens, CallExamples examples) : IOpenApiOperationTransformer
{
    /// <summary>The name of the security scheme.</summary>
    public const string Bearer = "bearer";

    private static readonly Dictionary<string, string> ErrorTexts = new(StringComparer.Ordinal)
    {
        ["400"] = "The input is invalid. The problem names the field and the rule.",
        ["401"] = "The call has no valid token.",
        ["403"] = "The token does not allow the call, or the call comes from a web page of another site.",
        ["404"] = "There is no such entity.",
        ["409"] = "The call contradicts the current state, such as a lease that has ended.",
        ["413"] = "The body is too large.",
        ["415"] = "The body is not declared as JSON, or its encoding is not supported.",
        ["429"] = "A limit is reached. Retry later.",
        ["503"] = "The node or the owner of the state is down, or did not answer in time. Retry, also at another node.",
    };

    public async Task TransformAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var call = $"{context.Description.HttpMethod} /{context.Description.RelativePath!.TrimEnd('/')}";
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.OperationId = IdOf(call);
        Secure(operation, metadata, context.Description.HttpMethod!, context.Document!);
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            parameter.Description = ParameterTexts.Of(call, parameter.Name!);
        }

        if (metadata.OfType<OneOrMany>().FirstOrDefault() is { } many)
        {
            Allow(many, operation.RequestBody?.Content);
            Allow(many, operation.Responses?["202"].Content);
        }

        if (metadata.OfType<OtherAnswer>().FirstOrDefault() is { } other)
        {
            var media = operation.Responses!["200"].Content!["application/json"];
            var schema = await context.GetOrCreateSchemaAsync(other.Type, cancellationToken: cancellationToken);
            media.Schema = new OpenApiSchema { OneOf = [media.Schema!, schema] };
        }

        DescribeAnswers(operation, metadata.OfType<MayBeIncomplete>().Any());
        examples.AddTo(operation, call);
    }

    /// <summary>Such as <c>getTasksByIdWaiting</c> for <c>GET /api/v1/tasks/{id}/waiting</c>.</summary>
    private static string IdOf(string call)
    {
        var words = call.Replace("/api/v1", "", StringComparison.Ordinal).Split(['/', ' ', '-'], StringSplitOptions.RemoveEmptyEntries);
        return words[0].ToLowerInvariant() + string.Concat(words.Skip(1).Select(word => word is ['{', .. var name, '}']
            ? $"By{Capital(name)}"
            : Capital(word)));

        static string Capital(string word) => string.Create(CultureInfo.InvariantCulture, $"{char.ToUpperInvariant(word[0])}{word[1..]}");
    }

    private void Secure(OpenApiOperation operation, IList<object> metadata, string method, OpenApiDocument document)
    {
        if (!Descriptions.NeedsToken(metadata))
        {
            operation.Security = [];
            return;
        }

        var byToken = new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] };
        operation.Security = tokens.Required ? [byToken] : [byToken, new OpenApiSecurityRequirement()];
        var rule = CallAccess.Of(metadata.OfType<CallAccess>().FirstOrDefault(), method);
        var kinds = Enum.GetValues<TokenKind>().Where(rule.Allows).Select(kind => WireName.Of(kind));
        operation.Description = $"Tokens: {string.Join(", ", kinds)}.";
    }

    private static void Allow(OneOrMany many, IDictionary<string, OpenApiMediaType>? content)
    {
        foreach (var media in content?.Values ?? [])
        {
            media.Schema = new OpenApiSchema
            {
                OneOf = [media.Schema!, new OpenApiSchema { Type = JsonSchemaType.Array, Items = media.Schema, MaxItems = many.Most }],
            };
        }
    }

    private static void DescribeAnswers(OpenApiOperation operation, bool mayBeIncomplete)
    {
        foreach (var (status, answer) in operation.Responses!)
        {
            if (answer is not OpenApiResponse response)
            {
                continue;
            }

            response.Description = ErrorTexts.GetValueOrDefault(status, response.Description!);
            foreach (var (name, text, type) in HeadersOf(operation, status, mayBeIncomplete))
            {
                response.Headers ??= new Dictionary<string, IOpenApiHeader>();
                response.Headers[name] = new OpenApiHeader { Description = text, Schema = new OpenApiSchema { Type = type } };
            }
        }

        if (operation.Responses.FirstOrDefault(answer => answer.Key[0] == '4').Value is { Content: { } problem })
        {
            operation.Responses["default"] = new OpenApiResponse { Description = "Any other problem.", Content = problem };
        }
    }

    private static IEnumerable<(string Name, string Text, JsonSchemaType Type)> HeadersOf(
        OpenApiOperation operation, string status, bool mayBeIncomplete)
    {
        if (status == "401")
        {
            yield return ("WWW-Authenticate", "Bearer", JsonSchemaType.String);
        }

        if (status is "429" or "503")
        {
            yield return ("Retry-After", "Seconds to wait before a retry.", JsonSchemaType.Integer);
        }

        if (status == "202")
        {
            yield return ("Location", "The address of the task, if one was submitted alone.", JsonSchemaType.String);
        }

        if (status == "200" && operation.Parameters?.Any(parameter => parameter.Name == "after") is true)
        {
            yield return ("Link", "The address of the next page, as rel=\"next\"; absent on the last page.", JsonSchemaType.String);
        }

        if (status == "200" && mayBeIncomplete)
        {
            yield return (
                ResponseHeaders.Incomplete,
                "The owners whose part is missing from the answer, because they are down.",
                JsonSchemaType.String);
        }
    }
}
