using System.Text.Json;
using System.Text.Json.Nodes;

namespace Morag.Failover.Domain.Failover;

/// <summary>The quality settings of a task, a JSON object that only its workers understand.</summary>
public static class QualitySettings
{
    /// <summary>
    /// The settings with a rung merged over them, as RFC 7396 merges: what the rung names replaces, objects merge, null removes.
    /// Settings that are no object count as empty.
    /// </summary>
    public static JsonText Merge(JsonText settings, JsonText rung)
    {
        if (Parse(rung) is not { } patch)
        {
            return settings;
        }

        var merged = Parse(settings) ?? [];
        Merge(merged, patch);
        return JsonText.Trusted(merged.ToJsonString());
    }

    private static JsonObject? Parse(JsonText settings)
    {
        using var json = settings.Parse();
        return Node(json.RootElement) as JsonObject;
    }

    // JSON allows a name twice in one object, and a JsonObject does not: the last one counts, as it does for most readers.
    private static JsonNode? Node(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var named = new JsonObject();
                foreach (var field in element.EnumerateObject())
                {
                    named[field.Name] = Node(field.Value);
                }

                return named;
            case JsonValueKind.Array:
                return new JsonArray([.. element.EnumerateArray().Select(Node)]);
            case JsonValueKind.Null:
                return null;
            default:
                return JsonValue.Create(element.Clone());
        }
    }

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            switch (value)
            {
                case null:
                    target.Remove(name);
                    break;
                case JsonObject inner:
                    var into = target[name] as JsonObject ?? [];
                    target[name] = into.Parent is null ? into : into.DeepClone();
                    Merge(target[name]!.AsObject(), inner);
                    break;
                default:
                    target[name] = value.DeepClone();
                    break;
            }
        }
    }
}
