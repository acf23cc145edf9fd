using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Net;
using System.Security.Authentication;
using Morag.Failover.Client.Connection;
using Morag.Failover.Cli.Palettes;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>
/// The command line: the built-in commands, and those that the node's palettes add. A failure prints one or two lines on standard error and
/// sets an <see cref="ExitCode"/>.
/// </summary>
internal sealed class MoragCommandLine(TextWriter output, TextWriter error, Stream standardInput, TimeProvider clock)
{
    private static readonly ParserConfiguration Parsing = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    public async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellation = default)
    {
        var globals = new GlobalOptions();
        var root = BuiltInCommands.Build(globals);
        arguments = arguments.Count == 0 ? ["--help"] : arguments;
        var parsed = root.Parse(arguments, Parsing);
        try
        {
            if (NeedsPalettes(parsed))
            {
                var problem = await AddPalettesAsync(root, globals, parsed, cancellation);
                parsed = root.Parse(arguments, Parsing);
                if (problem is not null && IsCall(parsed))
                {
                    return ReportError(problem);
                }

                if (problem is not null && parsed.Action is HelpAction)
                {
                    await error.WriteLineAsync($"{problem.Message}; the commands that a node provides are not listed");
                }
            }

            return await InvokeAsync(parsed, cancellation);
        }
        catch (Exception failure) when (failure is CommandFailure or NodeUnreachable or NodeRefused or TokenExposed)
        {
            return ReportError(failure);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }

    private async Task<int> InvokeAsync(ParseResult parsed, CancellationToken cancellation)
    {
        if (parsed.Action is ParseErrorAction usage)
        {
            usage.ShowHelp = false;
        }

        // The agent and the demo handle signals themselves, and take the time they need to stop.
        var invocation = new InvocationConfiguration
        {
            Output = output,
            Error = error,
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

    private static bool IsCall(ParseResult parsed) => parsed.Action is ParseErrorAction && parsed.UnmatchedTokens.Count > 0;

    private async Task<Exception?> AddPalettesAsync(
        RootCommand root, GlobalOptions globals, ParseResult parsed, CancellationToken cancellation)
    {
        try
        {
            using var node = globals.Connect(parsed);
            var timeout = parsed.Action is null or ParseErrorAction ? NodeConnection.CallTimeout : TimeSpan.FromSeconds(2);
            var palettes = await new PaletteClient(node).DownloadAsync(timeout, cancellation);
            globals.Reached = node.Node;
            new PaletteCommands(globals, standardInput, clock).AddTo(root, palettes);
            return null;
        }
        catch (Exception failure) when (failure is NodeUnreachable or NodeRefused)
        {
            return failure;
        }
    }

    private static bool IsUntrusted(Exception failure) =>
        failure is AuthenticationException || (failure.InnerException is { } cause && IsUntrusted(cause));

    private int ReportError(Exception failure)
    {
        error.WriteLine(failure switch
        {
            NodeRefused { Problem.Status: HttpStatusCode.Unauthorized } =>
                "morag: the node rejected the token. Give a valid one with --token, --token-file or MORAG_TOKEN",
            NodeUnreachable when IsUntrusted(failure) =>
                $"morag: {failure.Message}. Give the authority of its certificate with --ca or MORAG_CA, and call the node by a name that "
                + "its certificate has",
            NodeUnreachable => $"morag: {failure.Message}. Start a node, or give its address with --node or MORAG_NODE",
            NodeRefused { Problem.IsTransient: true } refused => $"morag: {refused.Message} (it is safe to retry)",
            _ => $"morag: {failure.Message}",
        });
        return failure switch
        {
            CommandFailure known => known.ExitCode,
            TokenExposed => ExitCode.Usage,
            NodeUnreachable => ExitCode.Unreachable,
            NodeRefused refused => ExitCode.Of(refused.Problem),
            _ => ExitCode.NodeError,
        };
    }
}
