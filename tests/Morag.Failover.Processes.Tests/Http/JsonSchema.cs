using System.Text.Json;

namespace Morag.Failover.Processes.Tests.Http;

/// <summary>Validates JSON against the schemas of an OpenAPI document.</summary>
internal sealed class JsonSchema(JsonElement document)
{
    /// <summary>The documented fields that occurred in a value, as <c>Schema.field</c>.</summary>
    public HashSet<string> Seen { get; } = [];

    /// <summary>The violations of the schema, by path.</summary>
    public IEnumerable<string> Errors(JsonElement schema, JsonElement value, string path)
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            var name = reference.GetString()!.Split('/')[^1];
            return Errors(document.GetProperty("components").GetProperty("schemas").GetProperty(name), value, path, name);
        }

        return Errors(schema, value, path, null);
    }

    private IEnumerable<string> Errors(JsonElement schema, JsonElement value, string path, string? name)
    {
        if (Alternatives(schema) is { } alternatives)
        {
            var tried = alternatives.Select(alternative => Errors(alternative, value, path).ToList()).ToList();
            return tried.Exists(errors => errors.Count == 0) ? [] : tried.OrderBy(errors => errors.Count).First();
        }

        if (!Types(schema).Contains(TypeOf(value)) && Types(schema).Count > 0)
        {
            return [$"{path}: {value} is no {string.Join(" or ", Types(schema))}"];
        }

        if (value.ValueKind == JsonValueKind.String
            && schema.TryGetProperty("enum", out var names)
            && !names.EnumerateArray().Any(known => known.ToString() == value.ToString()))
        {
            return [$"{path}: {value} is none of {names}"];
        }

        return value.ValueKind switch
        {
            JsonValueKind.Object => Fields(schema, value, path, name),
            JsonValueKind.Array when schema.TryGetProperty("items", out var items) =>
                value.EnumerateArray().SelectMany((entry, index) => Errors(items, entry, $"{path}[{index}]")),
            _ => [],
        };
    }

    private IEnumerable<string> Fields(JsonElement schema, JsonElement value, string path, string? name)
    {
        if (!schema.TryGetProperty("properties", out var properties))
        {
            // A map with arbitrary names, or any JSON.
            return schema.TryGetProperty("additionalProperties", out var entries) && entries.ValueKind == JsonValueKind.Object
                ? value.EnumerateObject().SelectMany(field => Errors(entries, field.Value, $"{path}.{field.Name}"))
                : [];
        }

        var errors = new List<string>();
        foreach (var field in value.EnumerateObject())
        {
            if (properties.TryGetProperty(field.Name, out var declared))
            {
                Seen.Add($"{name}.{field.Name}");
                errors.AddRange(Errors(declared, field.Value, $"{path}.{field.Name}"));
            }
            else
            {
                errors.Add($"{path}.{field.Name} is not in the document");
            }
        }

        if (schema.TryGetProperty("required", out var required))
        {
            errors.AddRange(from field in required.EnumerateArray()
                            where !value.TryGetProperty(field.GetString()!, out _)
                            select $"{path}.{field} is required, and missing");
        }

        return errors;
    }

    private static List<JsonElement>? Alternatives(JsonElement schema) =>
        schema.TryGetProperty("oneOf", out var oneOf) ? [.. oneOf.EnumerateArray()]
        : schema.TryGetProperty("anyOf", out var anyOf) ? [.. anyOf.EnumerateArray()]
        : null;

    private static List<string> Types(JsonElement schema) => !schema.TryGetProperty("type", out var type) ? []
        : type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().SelectMany(one => Widened(one.GetString()!))]
        : [.. Widened(type.GetString()!)];

    private static string[] Widened(string type) => type == "number" ? ["number", "integer"] : [type];

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => value.TryGetInt64(out _) ? "integer" : "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Null => "null",
        _ => throw new ArgumentOutOfRangeException(nameof(value), value.ValueKind, null),
    };
}
