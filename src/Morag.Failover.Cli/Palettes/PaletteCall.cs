using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Palettes;

/// <summary>The HTTP call of a palette command with its values.</summary>
/// <param name="Method">The method.</param>
/// <param name="PathAndQuery">The path and the query.</param>
/// <param name="Body">The body as JSON; null for none.</param>
/// <param name="IsRepeatable">Whether another node may get the call after a lost answer.</param>
internal sealed record PaletteCall(HttpMethod Method, string PathAndQuery, string? Body, bool IsRepeatable)
{
    /// <summary>Puts each value where its parameter says.</summary>
    /// <exception cref="CommandFailure">Two values claim the same place, or a value cannot stand in a path.</exception>
    public static PaletteCall Build(PaletteCommand command, IReadOnlyDictionary<PaletteParameter, JsonNode> values)
    {
        var path = command.Path;
        var query = new StringBuilder();
        var body = new JsonObject();
        foreach (var name in command.Objects)
        {
            Put(body, name, new JsonObject(), command.Name);
        }

        foreach (var (field, text) in command.FixedFields)
        {
            Put(body, field, JsonValue.Create(text), command.Name);
        }

        foreach (var (parameter, value) in values)
        {
            var field = parameter.Field ?? parameter.Name.Replace('-', '_');
            switch (parameter.In)
            {
                case ParameterPlace.Path:
                    path = path.Replace("{" + parameter.Name + "}", Escaped(value), StringComparison.Ordinal);
                    break;
                case ParameterPlace.Query:
                    _ = query.Append(query.Length == 0 ? '?' : '&')
                        .Append(Uri.EscapeDataString(field)).Append('=').Append(Escaped(value));
                    break;
                case ParameterPlace.Body:
                default:
                    Put(body, field, value, parameter.Name);
                    break;
            }
        }

        var method = new HttpMethod(command.Method);
        var carriesBody = body.Count > 0 || method == HttpMethod.Post;
        return new PaletteCall(
            method,
            path + query,
            carriesBody ? body.ToJsonString(Wire.Options) : null,
            method == HttpMethod.Get || command.Repeatable);
    }

    public HttpRequestMessage ToRequest()
    {
        var request = new HttpRequestMessage(Method, PathAndQuery);
        if (Body is not null)
        {
            request.Content = new StringContent(Body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        return request;
    }

    // URL normalization treats "." and ".." as path segments, even when they are escaped.
    private static string Escaped(JsonNode value) =>
        value.ToString() is var text && text is "" or "." or ".."
            ? throw CommandFailure.Usage($"\"{text}\" is not a valid id")
            : Uri.EscapeDataString(text);

    private static void Put(JsonObject body, string path, JsonNode value, string name)
    {
        var steps = path.Split('.');
        var place = body;
        foreach (var step in steps[..^1])
        {
            if (place[step] is not JsonObject inner)
            {
                inner = [];
                place[step] = inner;
            }

            place = inner;
        }

        if (!place.TryAdd(steps[^1], value))
        {
            throw CommandFailure.Usage($"--{name} conflicts with another option that sets {path}");
        }
    }
}
