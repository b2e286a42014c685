// Solving the challenge of core.proof_of_work: a worker of ALTCHA's tries keys, and nobody has to do or see anything.

// The proof as the server reads it. Rejects where this browser cannot compute it (keys are derived over HTTPS only).
export function solve(challenge, solver) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(solver);
    worker.onerror = reject;
    worker.onmessage = ({ data }) => {
      worker.terminate();
      if (data?.derivedKey) resolve(btoa(JSON.stringify({ challenge, solution: data })));
      else reject(data?.error ?? new Error("No solution was found."));
    };
    worker.postMessage({ type: "work", challenge, counterStart: 0, counterStep: 1 });
  });
}
