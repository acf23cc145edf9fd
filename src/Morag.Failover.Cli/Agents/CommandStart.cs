using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Cli.Agents;

/// <summary>A task cannot be given to any command.</summary>
internal sealed class TaskUnfit(string message) : Exception(message);

/// <summary>What the command gets for one task: its environment and its standard input.</summary>
internal static class CommandStart
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The environment; throws <see cref="TaskUnfit"/>.</summary>
    public static Dictionary<string, string> Environment(LeasedTask task, string workerId, string failureFile)
    {
        var environment = new Dictionary<string, string>();
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            environment[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        _ = environment.Remove("MORAG_TOKEN");
        (string Name, string Value)[] own =
        [
            ("MORAG_TASK_ID", task.TaskId.Value),
            ("MORAG_EPOCH", task.Epoch.ToString()),
            ("MORAG_QUEUE", task.Queue.Value),
            ("MORAG_ATTEMPT", task.Attempt.ToString(CultureInfo.InvariantCulture)),
            ("MORAG_QUALITY", task.Quality.Raw),
            ("MORAG_DEADLINE", task.Deadline.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
            ("MORAG_REMAINING_SECONDS", task.RemainingSeconds.ToString("0.###", CultureInfo.InvariantCulture)),
            ("MORAG_CONTENT_TYPE", task.ContentType ?? ""),
            ("MORAG_WORKER_ID", workerId),
            ("MORAG_FAILURE_FILE", failureFile),
        ];
        foreach (var (name, value) in own)
        {
            environment[name] = value.Contains('\0', StringComparison.Ordinal)
                ? throw new TaskUnfit($"{name} has a NUL character, which no environment variable can hold")
                : value;
        }

        return environment;
    }

    /// <summary>The payload as bytes: a JSON string as its text, null as nothing, else the JSON; throws <see cref="TaskUnfit"/>.</summary>
    public static byte[] Input(LeasedTask task)
    {
        try
        {
            var json = task.Payload.Utf8.ToArray();

            // Only the first token is looked at: the payload may be as deep as it likes.
            var reader = new Utf8JsonReader(json);
            _ = reader.Read();
            return reader.TokenType switch
            {
                JsonTokenType.String => Utf8.GetBytes(reader.GetString()!),
                JsonTokenType.Null => [],
                _ => json,
            };
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or EncoderFallbackException)
        {
            throw new TaskUnfit($"the payload cannot be written as UTF-8: {failure.Message}");
        }
    }
}
