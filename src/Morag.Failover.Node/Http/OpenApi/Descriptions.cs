using System.Reflection;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.OpenApi;

/// <summary>The problems of one call that do not follow from how it is declared.</summary>
/// <param name="Statuses">Their HTTP statuses.</param>
internal sealed record OwnProblems(params int[] Statuses);

/// <summary>The body of a call, and its answer, is one value or an array of up to <paramref name="Most"/> of them.</summary>
/// <param name="Most">The most elements of the array.</param>
internal sealed record OneOrMany(int Most);

/// <summary>The call has a second kind of answer.</summary>
/// <param name="Type">The type of the other answer.</param>
internal sealed record OtherAnswer(Type Type);

/// <summary>The call names what is missing from its answer in a header.</summary>
internal sealed class MayBeIncomplete
{
    public static readonly MayBeIncomplete Instance = new();
}

/// <summary>Describes endpoints for the OpenAPI document where it cannot be inferred from the code.</summary>
internal static class Descriptions
{
    /// <summary>Declares what the call does and returns, and that its errors are problem details.</summary>
    public static RouteHandlerBuilder Describes<TAnswer>(
        this RouteHandlerBuilder endpoint, string summary, int status = StatusCodes.Status200OK) =>
        endpoint.WithSummary(summary).Produces<TAnswer>(status).WithProblems();

    /// <summary>Declares a stream of server-sent events.</summary>
    public static RouteHandlerBuilder DescribesStream(this RouteHandlerBuilder endpoint, string summary) =>
        endpoint.WithSummary(summary).Produces<string>(StatusCodes.Status200OK, "text/event-stream").WithProblems();

    /// <summary>Declares the request body.</summary>
    public static RouteHandlerBuilder Reads<TRequest>(this RouteHandlerBuilder endpoint)
        where TRequest : notnull => endpoint.Accepts<TRequest>("application/json");

    /// <summary>Declares problems that do not follow from how the call is declared, such as 404 and 409.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, params int[] statuses) =>
        endpoint.WithMetadata(new OwnProblems(statuses));

    /// <summary>Declares that the answer can miss parts whose owners are down.</summary>
    public static RouteHandlerBuilder CanBeIncomplete(this RouteHandlerBuilder endpoint) =>
        endpoint.WithMetadata(MayBeIncomplete.Instance);

    /// <summary>Whether a call needs a token. One that is open and still says which tokens it accepts checks them itself.</summary>
    public static bool NeedsToken(IEnumerable<object> metadata) =>
        !metadata.OfType<IAllowAnonymous>().Any() || metadata.OfType<CallAccess>().Any();

    private static RouteHandlerBuilder WithProblems(this RouteHandlerBuilder endpoint)
    {
        endpoint.Finally(built =>
        {
            foreach (var status in ProblemsOf(built).Distinct().Order())
            {
                built.Metadata.Add(new ProducesResponseTypeMetadata(status, typeof(Problem), ["application/problem+json"]));
            }
        });
        return endpoint;
    }

    /// <summary>The problems that follow from how a call is declared: by its input, its tokens, and whether it asks owners.</summary>
    private static IEnumerable<int> ProblemsOf(EndpointBuilder endpoint)
    {
        var metadata = endpoint.Metadata;
        yield return StatusCodes.Status403Forbidden;
        if (NeedsToken(metadata))
        {
            yield return StatusCodes.Status401Unauthorized;
        }

        if (metadata.OfType<IAcceptsMetadata>().Any())
        {
            yield return StatusCodes.Status400BadRequest;
            yield return StatusCodes.Status413PayloadTooLarge;
            yield return StatusCodes.Status415UnsupportedMediaType;
            yield return StatusCodes.Status429TooManyRequests;
        }

        if (metadata.OfType<MethodInfo>().SelectMany(method => method.GetParameters()).Any(IsInput))
        {
            yield return StatusCodes.Status400BadRequest;
        }

        if (metadata.OfType<NeedsOwners>().Any())
        {
            yield return StatusCodes.Status503ServiceUnavailable;
        }

        foreach (var status in metadata.OfType<OwnProblems>().SelectMany(own => own.Statuses))
        {
            yield return status;
        }
    }

    private static bool IsInput(ParameterInfo parameter) =>
        parameter.ParameterType == typeof(string) || parameter.ParameterType == typeof(long?);
}
