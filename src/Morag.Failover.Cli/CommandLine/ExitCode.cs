using System.Net;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>The exit codes of <c>morag</c>.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The node rejected the call because of invalid input or a limit, or the demo found a lost task.</summary>
    public const int Refused = 1;

    /// <summary>The command line is invalid. Nothing was sent.</summary>
    public const int Usage = 2;

    /// <summary>No node answers at the addresses; another server may.</summary>
    public const int Unreachable = 3;

    /// <summary>The task, worker, queue, failure or result does not exist, whether a path or a field names it.</summary>
    public const int NotFound = 4;

    /// <summary>The call conflicts with the current state: an old epoch, different content under a known id, a replaced instance.</summary>
    public const int Conflict = 5;

    /// <summary>The token is missing, wrong or expired.</summary>
    public const int Unauthorised = 6;

    /// <summary>The node failed to answer. The outcome is unknown.</summary>
    public const int NodeError = 70;

    /// <summary>Interrupted by a second Ctrl-C.</summary>
    public const int Interrupted = 130;

    /// <summary>The exit code for a call that the node rejected.</summary>
    public static int Of(NodeProblem problem) => problem.Status switch
    {
        _ when problem.Type == ProblemTypes.UnknownQueue => NotFound,
        < HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.MisdirectedRequest
            or HttpStatusCode.NotImplemented when !problem.IsFromNode => Unreachable,
        HttpStatusCode.NotFound => NotFound,
        HttpStatusCode.Conflict => Conflict,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => Unauthorised,
        < HttpStatusCode.BadRequest or >= HttpStatusCode.InternalServerError => NodeError,
        _ => Refused,
    };
}
