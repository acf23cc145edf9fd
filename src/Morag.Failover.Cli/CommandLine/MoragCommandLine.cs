using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using Morag.Failover.Client.Connection;
using Morag.Failover.Cli.Palettes;
using Morag.Failover.Cli.Shell;
using Morag.Failover.Cli.Terminals;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>
/// The command line: the built-in commands, and those that the node's palettes add. A failure prints one or two lines on standard error and
/// sets an <see cref="ExitCode"/>.
/// </summary>
internal sealed class MoragCommandLine(TextWriter output, TextWriter error, Stream standardInput, TimeProvider clock)
{
    private const string Suggest = "[suggest:";

    private readonly PrintedText output = PrintedText.To(output);
    private readonly PrintedText error = PrintedText.To(error);
    private IReadOnlyList<Palette>? offered;
    private long offeredAt;

    private static readonly TimeSpan HelpTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan NamesTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OffersKept = TimeSpan.FromMinutes(1);
    private static readonly ParserConfiguration Parsing = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    public async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellation = default)
    {
        if (Suggested(arguments) is { } line)
        {
            foreach (var offer in await CompleteAsync([], line, cancellation))
            {
                await output.WriteLineAsync(offer);
            }

            return ExitCode.Ok;
        }

        var globals = new GlobalOptions();
        var root = BuiltInCommands.Build(globals);
        var (given, asGiven) = (arguments, root.Parse(arguments, Parsing));
        arguments = arguments.Count == 0 ? ["--help"] : arguments;
        var parsed = root.Parse(arguments, Parsing);
        try
        {
            if (IsTerminal && NamesNoCommand(asGiven))
            {
                return await OpenShellAsync(given, globals, asGiven, cancellation);
            }

            if (NeedsPalettes(parsed))
            {
                var problem = await AddPalettesAsync(root, globals, parsed, cancellation);
                parsed = root.Parse(arguments, Parsing);
                if (problem is not null && IsCall(parsed))
                {
                    return ReportError(problem, globals);
                }

                if (problem is not null && parsed.Action is HelpAction)
                {
                    await error.WriteLineAsync($"{FailureText.Of(problem, globals)}; the commands that a node provides are not listed");
                }
            }

            return await InvokeAsync(parsed, cancellation);
        }
        catch (Exception failure) when (failure is CommandFailure or NodeUnreachable or NodeRefused or NotANode or TokenExposed)
        {
            return ReportError(failure, globals);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }

    /// <summary>The words that could follow a text, such as the commands that begin with its last word.</summary>
    /// <param name="given">Options that apply as if the text began with them.</param>
    /// <param name="before">The text.</param>
    /// <param name="cancellation">Cancels the download of the commands.</param>
    public async Task<IReadOnlyList<string>> CompleteAsync(
        IReadOnlyList<string> given, string before, CancellationToken cancellation)
    {
        var globals = new GlobalOptions();
        var root = BuiltInCommands.Build(globals);
        try
        {
            if (offered is null || clock.GetElapsedTime(offeredAt) > OffersKept)
            {
                offered = await DownloadAsync(globals, root.Parse(given, Parsing), HelpTimeout, cancellation);
                offeredAt = clock.GetTimestamp();
            }
        }
        catch (Exception failure) when (failure is CommandFailure or NodeUnreachable or NodeRefused or NotANode or TokenExposed)
        {
            // Then the built-in commands are offered, and those that were known before.
        }

        var names = new NameOffers();
        new PaletteCommands(globals, standardInput, clock, names).AddTo(root, offered ?? []);
        var offers = Offers(root, before);
        if (names.Missing is not { } source
            || await NamesAsync(globals, root.Parse(given, Parsing), source, cancellation) is not { } answer)
        {
            return offers;
        }

        names.Read(answer);
        return Offers(root, before);
    }

    private static string[] Offers(RootCommand root, string before) =>
        [.. root.Parse(before, Parsing).GetCompletions(before.Length).Select(offer => offer.Label).Distinct()];

    private static async Task<JsonElement?> NamesAsync(
        GlobalOptions globals, ParseResult parsed, NameSource source, CancellationToken cancellation)
    {
        try
        {
            using var node = globals.Connect(parsed);
            using var response = await node.SendAsync(
                () => new HttpRequestMessage(HttpMethod.Get, source.Path), NamesTimeout, streamed: false, cancellation);
            return await AnswerReading.ReadAsync(response, cancellation);
        }
        catch (Exception failure) when (
            failure is CommandFailure or NodeUnreachable or NodeRefused or TokenExposed
            || UnreadableAnswer.Explains(failure) || NoAnswer.Explains(failure))
        {
            // Then the rest is offered without names.
            return null;
        }
    }

    // "[suggest:12]" and a line, as the scripts of "morag completion" call it: the beginning of the line without its first word.
    private static string? Suggested(IReadOnlyList<string> arguments) =>
        arguments is [var directive, var line]
        && directive.StartsWith(Suggest, StringComparison.Ordinal)
        && int.TryParse(directive.AsSpan(Suggest.Length).TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            ? line[..Math.Min(at, line.Length)] is var before && before.IndexOf(' ', StringComparison.Ordinal) is >= 0 and var first
                ? before[(first + 1)..]
                : ""
            : null;

    private bool IsTerminal => output.IsTerminal && Terminal.IsPresent;

    // Options without a command, or nothing at all. Whoever asks for help or the version gets that.
    private static bool NamesNoCommand(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand
        && parsed.UnmatchedTokens.Count == 0
        && parsed.CommandResult.Children.OfType<OptionResult>()
            .All(given => given.Implicit || given.Option is not (HelpOption or VersionOption))
        && parsed.Tokens.All(token => token.Type != TokenType.Directive);

    private async Task<int> OpenShellAsync(
        IReadOnlyList<string> given, GlobalOptions globals, ParseResult parsed, CancellationToken cancellation)
    {
        // A wrong option is reported now, and not again with every command.
        globals.Connect(parsed).Dispose();
        var history = new ShellHistory(ShellHistory.DefaultFile(Environment.GetEnvironmentVariable));
        return await new InteractiveShell(this, given, new Terminal(), history)
            .RunAsync(() => new GlobalOptions().Connect(parsed), cancellation);
    }

    private async Task<int> InvokeAsync(ParseResult parsed, CancellationToken cancellation)
    {
        if (parsed.Action is ParseErrorAction usage)
        {
            (usage.ShowHelp, usage.ShowTypoCorrections) = (false, false);
            foreach (var wrong in UsageErrors.Of(parsed))
            {
                await error.WriteLineAsync(wrong);
            }
        }

        // The agent and the demo handle signals themselves, and take the time they need to stop.
        var invocation = new InvocationConfiguration
        {
            Output = output,
            Error = parsed.Action is ParseErrorAction ? TextWriter.Null : error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        var exitCode = await parsed.InvokeAsync(invocation, cancellation);
        return parsed.Action is ParseErrorAction ? ExitCode.Usage : exitCode;
    }

    // Built-in commands must work without a node, so that an agent can start before its node.
    private static bool NeedsPalettes(ParseResult parsed) =>
        parsed.CommandResult.Command.Subcommands.Count > 0
        && !parsed.CommandResult.Children.OfType<OptionResult>().Any(given => given is { Option: VersionOption, Implicit: false });

    private static bool IsCall(ParseResult parsed) =>
        parsed.Action is ParseErrorAction && (parsed.UnmatchedTokens.Count > 0 || UsageErrors.IsMissingCommand(parsed));

    private async Task<Exception?> AddPalettesAsync(
        RootCommand root, GlobalOptions globals, ParseResult parsed, CancellationToken cancellation)
    {
        try
        {
            var timeout = parsed.Action is null or ParseErrorAction ? NodeConnection.CallTimeout : HelpTimeout;
            var palettes = await DownloadAsync(globals, parsed, timeout, cancellation);
            new PaletteCommands(globals, standardInput, clock).AddTo(root, palettes);
            return null;
        }
        catch (Exception failure) when (failure is NodeUnreachable or NodeRefused or NotANode)
        {
            return failure;
        }
    }

    private static Task<IReadOnlyList<Palette>> DownloadAsync(
        GlobalOptions globals, ParseResult parsed, TimeSpan timeout, CancellationToken cancellation) =>
        globals.AskAnyAsync(parsed, node => new PaletteClient(node).DownloadAsync(timeout, cancellation));

    private int ReportError(Exception failure, GlobalOptions globals)
    {
        error.WriteLine($"morag: {FailureText.Of(failure, globals)}");
        return FailureText.ExitCodeOf(failure);
    }
}
