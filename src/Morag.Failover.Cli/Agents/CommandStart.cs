using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>The task cannot be passed to any command.</summary>
internal sealed class TaskUnfit(string message) : Exception(message);

/// <summary>The files through which a command talks to the agent.</summary>
/// <param name="Failure">Where it describes its failure.</param>
/// <param name="Progress">Where it appends its progress.</param>
internal sealed record CommandFiles(string Failure, string Progress);

/// <summary>The environment and the standard input of the command for a task.</summary>
internal static class CommandStart
{
    // By the OpenTelemetry convention for environment variables as carriers of a context.
    private const string TraceVariable = "TRACEPARENT";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The environment of the command.</summary>
    /// <exception cref="TaskUnfit">A value cannot be an environment variable.</exception>
    public static Dictionary<string, string> Environment(LeasedTask task, string workerId, CommandFiles files)
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
            ("MORAG_FAILURE_FILE", files.Failure),
            ("MORAG_PROGRESS", files.Progress),
            ("MORAG_CHECKPOINT", task.Checkpoint?.Raw ?? ""),
        ];
        foreach (var (name, value) in own)
        {
            environment[name] = value.Contains('\0', StringComparison.Ordinal)
                ? throw new TaskUnfit($"{name} contains a NUL character, which an environment variable cannot hold")
                : value;
        }

        // Not the trace that the agent itself may have been started in: it has nothing to do with the task.
        _ = environment.Remove(TraceVariable);
        _ = environment.Remove("TRACESTATE");
        if (task.TraceParent is { } trace && TraceParent.IsValid(trace))
        {
            environment[TraceVariable] = trace;
        }

        return environment;
    }

    /// <summary>The payload as bytes: the text of a JSON string, nothing for null, and the JSON of any other value.</summary>
    /// <exception cref="TaskUnfit">The payload cannot be encoded as UTF-8.</exception>
    public static byte[] Input(LeasedTask task)
    {
        try
        {
            var json = task.Payload.Utf8.ToArray();

            // Only the first token is read, so the nesting of the payload does not matter.
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
            throw new TaskUnfit($"the payload cannot be encoded as UTF-8: {failure.Message}");
        }
    }
}
