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
        if (JsonNode.Parse(rung.Raw) is not JsonObject patch)
        {
            return settings;
        }

        var merged = JsonNode.Parse(settings.Raw) as JsonObject ?? [];
        Merge(merged, patch);
        return JsonText.Trusted(merged.ToJsonString());
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
