using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Morag.Failover.Benchmarks.Running;

/// <summary>What a worker needs to complete a leased task.</summary>
internal readonly record struct Lease(string Task, long Epoch)
{
    /// <summary>Reads the answer to a lease call, and only these two fields of it.</summary>
    public static List<Lease> ReadAll(ReadOnlySpan<byte> answer)
    {
        var leases = new List<Lease>();
        var reader = new Utf8JsonReader(answer);
        var task = "";
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 2)
            {
                continue;
            }

            if (reader.ValueTextEquals("task_id"u8))
            {
                _ = reader.Read();
                task = reader.GetString()!;
            }
            else if (reader.ValueTextEquals("epoch"u8))
            {
                _ = reader.Read();
                leases.Add(new Lease(task, reader.GetInt64()));
            }
        }

        return leases;
    }

    /// <summary>The request body that completes all of them.</summary>
    public static string Results(List<Lease> leases)
    {
        var body = new StringBuilder("[");
        foreach (var lease in leases)
        {
            _ = body.Append(body.Length > 1 ? "," : "")
                .Append(CultureInfo.InvariantCulture, $$"""{"task_id":"{{lease.Task}}","epoch":{{lease.Epoch}},"result":1}""");
        }

        return body.Append(']').ToString();
    }
}
