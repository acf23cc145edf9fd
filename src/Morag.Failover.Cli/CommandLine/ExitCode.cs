using System.Net;
using Morag.Failover.Cli.Connection;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>What the exit code of every <c>morag</c> command means.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The node refused the call: bad input, or a limit is reached.</summary>
    public const int Refused = 1;

    /// <summary>The command line itself is wrong; nothing was sent.</summary>
    public const int Usage = 2;

    /// <summary>No node answers at the address.</summary>
    public const int Unreachable = 3;

    /// <summary>There is no such task, worker, queue, failure or result, whether the path of the call or a field names it.</summary>
    public const int NotFound = 4;

    /// <summary>It contradicts the present state: an old epoch, other content under a known id, a replaced instance.</summary>
    public const int Conflict = 5;

    /// <summary>The token is missing, wrong or expired.</summary>
    public const int Unauthorised = 6;

    /// <summary>The node failed to answer: the outcome is not known, and the call may be repeated.</summary>
    public const int NodeError = 70;

    /// <summary>Ended by Ctrl-C.</summary>
    public const int Interrupted = 130;

    /// <summary>The code for a call that the node refused.</summary>
    public static int Of(NodeProblem problem) => problem.Status switch
    {
        _ when problem.Type == ProblemTypes.UnknownQueue => NotFound,
        HttpStatusCode.NotFound => NotFound,
        HttpStatusCode.Conflict => Conflict,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => Unauthorised,
        >= HttpStatusCode.InternalServerError => NodeError,
        _ => Refused,
    };
}
