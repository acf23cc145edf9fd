using System.Text;
using System.Text.Json;
using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Cli.Texts;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>Judges how a command ended: a result, or which type of failure. Pure.</summary>
internal static class OutcomeMapping
{
    /// <summary>The exit code by which a command says that this machine has no room now (<c>EX_TEMPFAIL</c> of sysexits.h).</summary>
    public const int Overloaded = 75;

    /// <summary>What a shell answers with when the kernel's out-of-memory killer ended what it ran.</summary>
    public const int Killed = SignalNames.ShellOffset + SignalNames.Kill;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether the command ended as one does that was told to stop.</summary>
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

    /// <summary>Whether a signal from outside explains the ending: it failed, and nothing says that it failed for another reason.</summary>
    public static bool MayBeStopped(ProcessEnding ending) =>
        ending is { NotStarted: null, Cause: EndCause.Exited, FailureFile: null, ExhaustionPattern: null }
        && ending.OutputState != OutputState.TooLong
        && ending.Exit is { Signal: not null } or { Code: not (0 or Overloaded) };

    /// <summary>How it exited, in words.</summary>
    public static string Describe(ProcessEnding ending) => ending.Exit switch
    {
        { Code: { } code } when SignalNames.OfExitCode(code) is { } signal => $"exit code {code}, which stands for {signal}",
        { Code: { } code } => $"exit code {code}",
        { Signal: { } signal } => $"killed by {SignalNames.Of(signal)}",
        _ => "its exit status was lost",
    };

    public static TaskOutcome ToOutcome(LeaseKey lease, ProcessEnding ending) => new OutcomeJudge(lease, ending).Outcome();

    private static string OutputStillOpen =>
        "exit code 0, but a process that the command left behind still holds its standard output, so that the result may be cut off; " +
        "let the command wait for it, or redirect its output";

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
            $"the command wrote more than {ending.MaxResultBytes:N0} bytes of result to its standard output; " +
            "let it store large results, and write their address";

        public TaskOutcome Outcome() => ending switch
        {
            { NotStarted: { BlamesTask: true } unfit } =>
                Fail(FailureType.ProcessingError, $"the task cannot be given to a command: {unfit.Message}"),

            // The machine's fault and not the task's: it goes elsewhere, and this worker's breaker opens if it goes on.
            { NotStarted: { } refusal } => Fail(FailureType.WorkerOverloaded, $"the command could not be started: {refusal.Message}"),
            { Cause: EndCause.TimedOut } => Fail(FailureType.TaskTimeout, WithTail(
                $"killed after {ending.Duration.TotalSeconds:0.#} s, when its lease was over{(ending.Exit is null ? "; it still runs" : "")}")),
            { FailureFile: { } file } => FromFailureFile(file),
            { Cause: EndCause.OutputTooLong } or { OutputState: OutputState.TooLong } => Fail(FailureType.ProcessingError, TooLong),
            _ => ByExit(),
        };

        private TaskOutcome ByExit() => ending.Exit switch
        {
            { Code: 0 } => Succeed(),
            { Code: Overloaded } => Fail(FailureType.WorkerOverloaded, WithTail($"exit code {Overloaded}: no room on this worker now")),
            { Code: Killed } or { Signal: SignalNames.Kill } =>
                Fail(FailureType.ResourceExhaustion, WithTail($"{Describe(ending)}, as by the out-of-memory killer")),
            _ when ending.ExhaustionPattern is { } pattern =>
                Fail(FailureType.ResourceExhaustion, WithTail($"{Describe(ending)}, with \"{pattern}\" on its error stream")),
            { Signal: SignalNames.Terminate or SignalNames.Interrupt or SignalNames.Hangup } =>
                Fail(FailureType.WorkerOverloaded, WithTail($"{Describe(ending)}, which this agent did not send")),
            { Code: not null } or { Signal: not null } => Fail(FailureType.ProcessingError, WithTail(Describe(ending))),
            _ => Fail(FailureType.WorkerOverloaded, WithTail(Describe(ending))),
        };

        private TaskOutcome Succeed()
        {
            if (ending.OutputState == OutputState.Broken)
            {
                return Fail(FailureType.WorkerOverloaded, $"reading the output of the command failed: {ending.OutputProblem}");
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
                    $"the output is not UTF-8 (byte 0x{ending.Output[invalid.Index]:x2} at offset {invalid.Index}): " +
                    "have the command encode binary results, for example with base64");
            }
        }

        private TaskOutcome FromFailureFile(FailureFileContent file)
        {
            if (Parse(file.Text) is { FailureType: { } type } told)
            {
                return Fail(type, told.ErrorMessage is { Length: > 0 } message ? message : WithTail(Describe(ending)));
            }

            return ending.WorkFolderFull
                ? Fail(FailureType.WorkerOverloaded, WithTail(
                    $"{Describe(ending)}, and the disk of the work folder is full, so that its failure file cannot be trusted"))
                : Fail(FailureType.ProcessingError, WithTail(
                    $"{Describe(ending)}, and a failure file {file.Problem ?? "without what belongs into it"}; write {{\"failure_type\": one of " +
                    $"{string.Join(", ", WireName.All<FailureType>())}, " +
                    "\"error_message\": text} into it"));
        }

        private TaskOutcome Fail(FailureType type, string message) => TaskOutcome.Failed(
            lease,
            type,
            TextCut.FirstBytes(message, FailureLimits.MaxErrorMessageBytes),
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
