using System.Text;
using System.Text.Json;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>Judges how a command ended: a result, or which type of failure. Pure.</summary>
internal static class OutcomeMapping
{
    /// <summary>The exit code by which a command says that this machine has no room now (<c>EX_TEMPFAIL</c> of sysexits.h).</summary>
    public const int Overloaded = 75;

    /// <summary>128 + SIGKILL: what the kernel's out-of-memory killer leaves.</summary>
    public const int Killed = 137;

    /// <summary>The most bytes that a result may have as JSON.</summary>
    public const int MaxResultBytes = 256 * 1024;

    // The contracts allow 8,192 characters of message.
    private const int MaxMessageLength = 8_000;

    public static TaskOutcome Judge(LeaseKey lease, ProcessEnding ending)
    {
        if (ending.StartError is { } startError)
        {
            // The machine's fault and not the task's: it goes elsewhere, and this worker's breaker opens if it goes on.
            return Fail(FailureType.WorkerOverloaded, $"the command could not be started: {startError}");
        }

        if (ending.TimedOut)
        {
            return Fail(FailureType.TaskTimeout, WithTail($"killed after {ending.Duration.TotalSeconds:0.#} s, when its lease was over"));
        }

        if (ending.FailureFile is { } failureFile)
        {
            return Told(failureFile);
        }

        if (ending.OutputTooLong)
        {
            return Fail(FailureType.ProcessingError, TooLong);
        }

        return ending.ExitCode switch
        {
            0 => Succeed(),
            Overloaded => Fail(FailureType.WorkerOverloaded, WithTail($"exit code {Overloaded}: no room on this worker now")),
            Killed => Fail(FailureType.ResourceExhaustion, WithTail($"exit code {Killed}: killed, as by the out-of-memory killer")),
            _ when ending.ExhaustionPattern is { } pattern =>
                Fail(FailureType.ResourceExhaustion, WithTail($"exit code {ending.ExitCode}, with \"{pattern}\" on its error stream")),
            _ => Fail(FailureType.ProcessingError, WithTail($"exit code {ending.ExitCode}")),
        };

        TaskOutcome Succeed()
        {
            var result = JsonText.Of(ending.Output);
            return result.Length <= MaxResultBytes
                ? TaskOutcome.Succeeded(lease, result)
                : Fail(FailureType.ProcessingError, TooLong);
        }

        TaskOutcome Told(string text)
        {
            try
            {
                if (JsonSerializer.Deserialize<ToldFailure>(text, ContractsJson.Options) is { FailureType: { } type } told)
                {
                    return Fail(type, told.ErrorMessage is { Length: > 0 } message ? message : WithTail($"exit code {ending.ExitCode}"));
                }
            }
            catch (JsonException)
            {
                // Told below, with what the file should have held.
            }

            return Fail(FailureType.ProcessingError, WithTail(
                $"exit code {ending.ExitCode}, and a failure file that is not {{\"failure_type\": one of " +
                $"{string.Join(", ", Enum.GetNames<FailureType>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName))}, \"error_message\": text}}"));
        }

        TaskOutcome Fail(FailureType type, string message) => TaskOutcome.Failed(
            lease,
            type,
            message.Length <= MaxMessageLength ? message : message[..MaxMessageLength],
            JsonText.Of(new { exit_code = ending.ExitCode, duration_seconds = Math.Round(ending.Duration.TotalSeconds, 3) }));

        string WithTail(string message) => ending.ErrorTail.Trim() is { Length: > 0 } tail ? $"{message}: {tail}" : message;
    }

    private static string TooLong =>
        $"the command wrote more than {MaxResultBytes:N0} bytes of result to its standard output; " +
        "let it store large results, and write their address";

    private sealed record ToldFailure
    {
        public FailureType? FailureType { get; init; }

        public string? ErrorMessage { get; init; }
    }
}
