using System.Text;
using System.Text.Json;
using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Client.Texts;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>Maps the ending of a command to the outcome of its task: a result, or a failure with its type.</summary>
internal static class OutcomeMapping
{
    /// <summary>The exit code of a command for which this machine has no room now (<c>EX_TEMPFAIL</c> in sysexits.h).</summary>
    public const int Overloaded = 75;

    /// <summary>The exit code of a shell whose command was killed with SIGKILL, as by the out-of-memory killer.</summary>
    public const int Killed = SignalNames.ShellOffset + SignalNames.Kill;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether the command ended as if a stop signal ended it.</summary>
    public static bool LooksStopped(ProcessEnding ending) => MayBeStopped(ending) && ending.Exit is
    {
        Signal: SignalNames.Terminate or SignalNames.Interrupt or SignalNames.Hangup,
    }
    or
    {
        Code: SignalNames.ShellOffset + SignalNames.Terminate
            or SignalNames.ShellOffset + SignalNames.Interrupt
            or SignalNames.ShellOffset + SignalNames.Hangup,
    };

    /// <summary>Whether a signal from outside may explain the failure, because nothing points to another reason.</summary>
    public static bool MayBeStopped(ProcessEnding ending) =>
        ending is { NotStarted: null, Cause: EndCause.Exited, FailureFile: null, ExhaustionPattern: null }
        && ending.OutputState != OutputState.TooLong
        && ending.Exit is { Signal: not null } or { Code: not (0 or Overloaded) };

    /// <summary>Describes how the command exited.</summary>
    public static string Describe(ProcessEnding ending) => ending.Exit switch
    {
        { Code: { } code } when SignalNames.OfExitCode(code) is { } signal => $"exit code {code} ({signal})",
        { Code: { } code } => $"exit code {code}",
        { Signal: { } signal } => $"killed by {SignalNames.Of(signal)}",
        _ => "exit status lost",
    };

    public static TaskOutcome ToOutcome(LeaseKey lease, ProcessEnding ending) => new OutcomeJudge(lease, ending).Outcome();

    private static string OutputStillOpen =>
        "exit code 0, but a background process still holds the command's standard output open, so the result may be incomplete. "
        + "Wait for the process, or redirect its output";

    private static ReportedFailure? Parse(string? text)
    {
        try
        {
            return text is null ? null : JsonSerializer.Deserialize<ReportedFailure>(text, ContractsJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed class OutcomeJudge(LeaseKey lease, ProcessEnding ending)
    {
        private string TooLong =>
            $"the command wrote a result of more than {ending.MaxResultBytes:N0} bytes. "
            + "Store large results elsewhere, and print their address";

        public TaskOutcome Outcome() => ending switch
        {
            { NotStarted: { BlamesTask: true } unfit } =>
                Fail(FailureType.ProcessingError, $"the task cannot be passed to a command: {unfit.Message}"),

            // The machine's fault, not the task's: another worker gets the task, and this worker's breaker opens if it happens again.
            { NotStarted: { } refusal } => Fail(FailureType.WorkerOverloaded, $"the command could not be started: {refusal.Message}"),
            { Cause: EndCause.TimedOut } => Fail(FailureType.TaskTimeout, WithTail(
                $"killed after {ending.Duration.TotalSeconds:0.#} s because its lease expired"
                + (ending.Exit is null ? "; it is still running" : ""))),
            { FailureFile: { } file } => FromFailureFile(file),
            { Cause: EndCause.OutputTooLong } or { OutputState: OutputState.TooLong } => Fail(FailureType.ProcessingError, TooLong),
            _ => ByExit(),
        };

        private TaskOutcome ByExit() => ending.Exit switch
        {
            { Code: 0 } => Succeed(),
            { Code: Overloaded } => Fail(FailureType.WorkerOverloaded, WithTail($"exit code {Overloaded}: no room on this worker now")),
            { Code: Killed } or { Signal: SignalNames.Kill } =>
                Fail(FailureType.ResourceExhaustion, WithTail($"{Describe(ending)}, probably by the out-of-memory killer")),
            _ when ending.ExhaustionPattern is { } pattern =>
                Fail(FailureType.ResourceExhaustion, WithTail($"{Describe(ending)}, with \"{pattern}\" on standard error")),
            { Signal: SignalNames.Terminate or SignalNames.Interrupt or SignalNames.Hangup } =>
                Fail(FailureType.WorkerOverloaded, WithTail($"{Describe(ending)}, which this agent did not send")),
            { Code: not null } or { Signal: not null } => Fail(FailureType.ProcessingError, WithTail(Describe(ending))),
            _ => Fail(FailureType.WorkerOverloaded, WithTail(Describe(ending))),
        };

        private TaskOutcome Succeed()
        {
            if (ending.OutputState == OutputState.Broken)
            {
                return Fail(FailureType.WorkerOverloaded, $"cannot read the command's output: {ending.OutputProblem}");
            }

            if (ending.OutputState == OutputState.Open)
            {
                return Fail(FailureType.ProcessingError, OutputStillOpen);
            }

            try
            {
                var result = JsonText.Of(StrictUtf8.GetString(ending.Output));
                return result.Length <= ending.MaxResultBytes
                    ? TaskOutcome.Succeeded(lease, result)
                    : Fail(FailureType.ProcessingError, TooLong);
            }
            catch (DecoderFallbackException invalid)
            {
                return Fail(
                    FailureType.ProcessingError,
                    $"the output is not UTF-8 (byte 0x{ending.Output[invalid.Index]:x2} at offset {invalid.Index}). "
                    + "Encode binary results, for example with base64");
            }
        }

        private TaskOutcome FromFailureFile(FailureFileContent file)
        {
            if (Parse(file.Text) is { FailureType: { } type } reported)
            {
                return Fail(type, reported.ErrorMessage is { Length: > 0 } message ? message : WithTail(Describe(ending)));
            }

            return ending.WorkFolderFull
                ? Fail(FailureType.WorkerOverloaded, WithTail(
                    $"{Describe(ending)}; the failure file is unreliable because the disk of the work folder is full"))
                : Fail(FailureType.ProcessingError, WithTail(
                    $"{Describe(ending)}, and the failure file {file.Problem ?? "is invalid"}. It must contain {{\"failure_type\": one of "
                    + $"{string.Join(", ", WireName.All<FailureType>())}, \"error_message\": text}}"));
        }

        private TaskOutcome Fail(FailureType type, string message) => TaskOutcome.Failed(
            lease,
            type,
            TextBytes.First(message, FailureLimits.MaxErrorMessageBytes),
            JsonText.Of(new
            {
                exit_code = ending.Exit?.Code,
                signal = ending.Exit?.Signal is { } signal ? SignalNames.Of(signal) : null,
                duration_seconds = Math.Round(ending.Duration.TotalSeconds, 3),
            }));

        private string WithTail(string message) => ending.ErrorTail.Trim() is { Length: > 0 } tail ? $"{message}: {tail}" : message;
    }

    private sealed record ReportedFailure
    {
        public FailureType? FailureType { get; init; }

        public string? ErrorMessage { get; init; }
    }
}
