using System.Text.Json;
using System.Text.Json.Nodes;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Palettes;

/// <summary>
/// Finds out which node <c>self</c> means, once and before the call. A call that names it may then go to any node: after a lost connection,
/// <c>self</c> would be another one.
/// </summary>
internal static class AskedNode
{
    /// <summary>What users call the node that they ask.</summary>
    public const string Self = "self";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Replaces the values that are <c>self</c>. Returns the name of the node; null if there is no such value.</summary>
    /// <param name="values">The values of a command.</param>
    /// <param name="chosen">The parameters whose values the user gave. The others have their defaults.</param>
    /// <param name="any">
    /// The connection of the command. A default <c>self</c> is the node that answers there, because the user did not choose one.
    /// </param>
    /// <param name="first">
    /// Connects to the first address that the user gave. A <c>self</c> that the user wrote is the node there, or the command fails.
    /// </param>
    /// <param name="cancellation">Cancels the question.</param>
    /// <exception cref="CommandFailure">That node does not answer.</exception>
    public static async Task<string?> ReplaceAsync(
        Dictionary<PaletteParameter, JsonNode> values,
        IReadOnlySet<PaletteParameter> chosen,
        NodeConnection any,
        Func<NodeConnection> first,
        CancellationToken cancellation)
    {
        PaletteParameter[] named = [.. values.Keys.Where(parameter => parameter.IsNode && values[parameter].ToString() == Self)];
        if (named.Length == 0)
        {
            return null;
        }

        string name;
        if (!Array.Exists(named, chosen.Contains))
        {
            name = await NameAsync(any, cancellation);
        }
        else
        {
            using var only = first();
            name = await NameAsync(only, cancellation);
        }

        foreach (var parameter in named)
        {
            values[parameter] = JsonValue.Create(name);
        }

        return name[(name.LastIndexOf('@') + 1)..];
    }

    private static async Task<string> NameAsync(NodeConnection node, CancellationToken cancellation)
    {
        try
        {
            using var response = await node.SendAsync(
                () => new HttpRequestMessage(HttpMethod.Get, "/api/v1/cluster/nodes"), Timeout, streamed: false, cancellation);
            var text = await AnswerText.ReadAsync(response, cancellation);
            var nodes = JsonSerializer.Deserialize<ClusterNode[]>(text, ContractsJson.Options);
            return nodes?.FirstOrDefault(known => known.Self)?.Node ?? throw Unknown(node, "it does not say.");
        }
        catch (Exception failure) when (
            failure is NodeUnreachable or NodeRefused { Problem.IsFromNode: false } || UnreadableAnswer.Explains(failure))
        {
            throw Unknown(node, failure.Message);
        }
    }

    private static CommandFailure Unknown(NodeConnection node, string why) => new(
        ExitCode.Unreachable,
        $"\"{Self}\" is the node at {node.Node.GetLeftPart(UriPartial.Authority)}, and which one that is cannot be found out: {why} "
        + "Nothing was sent. Name the node as in \"morag cluster nodes\"");
}
